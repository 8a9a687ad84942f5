// The page /docs: buttons that copy, and the reference, drawn by Redoc.
// Plain JavaScript, because it is served as it is.

for (const pre of document.querySelectorAll(".start pre")) {
  const box = document.createElement("div");
  box.className = "code";
  // What is wider than its box is moved by keyboard, too.
  pre.tabIndex = 0;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = "Copied";
    } catch {
      // Not over https, or not allowed: it is marked, so that it can be copied by keyboard.
      getSelection().selectAllChildren(pre);
      button.textContent = "Marked";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2_000);
  });
  pre.replaceWith(box);
  box.append(pre, button);
}

/** Of Redoc, in the dashboard's light colours: it draws parts of its page for a light one only. */
function theme() {
  const font = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif';
  const mono = 'ui-monospace, "SF Mono", "Roboto Mono", "Liberation Mono", Menlo, monospace';
  const ink = "#10201d";
  const ink2 = "#46564f";
  const accent = "#0a6b5c";
  return {
    breakpoints: { medium: "60rem", large: "90rem" },
    colors: {
      primary: { main: accent },
      success: { main: "#16703c" },
      warning: { main: "#875200" },
      error: { main: "#b3261e" },
      text: { primary: ink, secondary: ink2 },
      border: { dark: "#c5d0cd", light: "#e1e7e5" },
      responses: {
        success: { backgroundColor: "#e3f5e9", color: "#16703c" },
        error: { backgroundColor: "#fdeae8", color: "#b3261e" },
        redirect: { backgroundColor: "#fdf1da", color: "#875200" },
        info: { backgroundColor: "#e6f0fb", color: "#1b5fae" },
      },
    },
    schema: {
      linesColor: "#c5d0cd",
      nestedBackground: "#f5f7f6",
      typeNameColor: ink2,
      typeTitleColor: accent,
      requireLabelColor: "#b3261e",
    },
    sidebar: {
      width: "17rem",
      backgroundColor: "#f5f7f6",
      textColor: ink,
      activeTextColor: accent,
    },
    rightPanel: { backgroundColor: "#0b1110", textColor: "#e7efed", width: "38%" },
    codeBlock: { backgroundColor: "#172120" },
    typography: {
      fontSize: "15px",
      fontFamily: font,
      headings: { fontFamily: font, fontWeight: "650" },
      code: { fontFamily: mono, color: ink, backgroundColor: "#eef2f1", wrap: true },
      links: { color: accent },
    },
  };
}

function draw() {
  const element = document.getElementById("reference");
  globalThis.Redoc.init(
    "/openapi.json",
    {
      nonce: document.body.dataset.styleNonce,
      theme: theme(),
      nativeScrollbars: true,
      // Its worker is made of a blob, which the page's policy does not let in.
      disableSearch: true,
      hideDownloadButton: true,
      jsonSampleExpandLevel: 3,
      requiredPropsFirst: true,
      scrollYOffset: 0,
      payloadSampleIdx: 0,
      hideHostname: true,
    },
    element,
    (error) => {
      if (error instanceof Error) element.textContent = `The reference could not be drawn: ${error.message}`;
      else document.body.dataset.drawn = "true";
    },
  );
}

draw();
