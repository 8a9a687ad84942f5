// Light or dark, as chosen on the dashboard, else as the system has it. It runs before the page is drawn.
try {
  const chosen = localStorage.getItem("holdfast.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden: then it is as the system has it.
}
