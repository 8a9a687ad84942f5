// Boxes of code with a button that copies what is in them.

/** Puts a button beside a `pre`. What it copies is what the box has then. */
export function copied(pre) {
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
