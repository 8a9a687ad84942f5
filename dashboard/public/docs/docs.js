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

const METHODS = ["get", "post", "put", "patch", "delete"];
/** Results of a search that are shown. */
const MOST_FOUND = 40;

/** Every operation with the chapter that it is in. */
function operationsOf(spec) {
  return Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => {
      const { operationId, summary = "", tags = [] } = item[method];
      return { id: operationId, method, path, summary, tag: tags[0] ?? "" };
    }),
  );
}

/**
 * One chapter as a document of its own: its operations, and of the shapes those that they lead to. All of it at
 * once takes a browser half a minute.
 */
function chapterOf(spec, tag) {
  const paths = {};
  for (const [path, item] of Object.entries(spec.paths))
    for (const method of METHODS)
      if (item[method]?.tags?.includes(tag)) paths[path] = { ...paths[path], [method]: item[method] };
  const components = { securitySchemes: spec.components.securitySchemes };
  const take = (value) => {
    if (value === null || typeof value !== "object") return;
    const [, kind, name] = /^#\/components\/([^/]+)\/(.+)$/.exec(value.$ref ?? "") ?? [];
    const found = kind === undefined ? undefined : spec.components[kind]?.[name];
    if (found !== undefined && components[kind]?.[name] === undefined) {
      components[kind] = { ...components[kind], [name]: found };
      take(found);
    }
    for (const each of Object.values(value)) take(each);
  };
  take(paths);
  const { "x-tagGroups": _groups, ...rest } = spec;
  return { ...rest, tags: spec.tags.filter(({ name }) => name === tag), paths, components };
}

function draw(spec, tag) {
  delete document.body.dataset.drawn;
  const element = document.createElement("div");
  element.innerHTML = '<p class="wait">The reference is being drawn…</p>';
  document.getElementById("reference").replaceChildren(element);
  globalThis.Redoc.init(
    chapterOf(spec, tag),
    {
      nonce: document.body.dataset.styleNonce,
      theme: theme(),
      nativeScrollbars: true,
      // Its worker is made of a blob, which the page's policy does not let in; the page has a search of its own.
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
      else document.body.dataset.drawn = tag;
    },
  );
}

/** The chapters, and a search over all of their operations. */
function finder(spec, operations, open) {
  const box = document.getElementById("finder");
  const search = box.querySelector("input");
  const list = box.querySelector("ul");
  const status = box.querySelector("[role=status]");
  const chapters = box.querySelector("nav");
  for (const { name } of spec.tags) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.dataset.chapter = name;
    button.addEventListener("click", () => open(name));
    chapters.append(button);
  }
  search.addEventListener("input", () => {
    const words = search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const found =
      words.length === 0
        ? []
        : operations.filter((each) => {
            const text = `${each.method} ${each.path} ${each.summary} ${each.tag}`.toLowerCase();
            return words.every((word) => text.includes(word));
          });
    list.replaceChildren(
      ...found.slice(0, MOST_FOUND).map((each) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = `#operation/${each.id}`;
        const call = document.createElement("code");
        call.textContent = `${each.method.toUpperCase()} ${each.path}`;
        link.append(call, ` ${each.summary}`);
        item.append(link);
        return item;
      }),
    );
    status.textContent =
      words.length === 0 ? "" : `${found.length} of ${operations.length} operations have it.`;
  });
  box.hidden = false;
}

async function start() {
  const answer = await fetch("/openapi.json");
  const spec = await answer.json();
  const operations = operationsOf(spec);
  const first = operations.find(({ method, path }) => method === "post" && path === "/v1/orders");
  let shown = null;
  const show = (tag) => {
    if (tag === shown) return;
    shown = tag;
    for (const button of document.querySelectorAll("[data-chapter]"))
      button.setAttribute("aria-pressed", String(button.dataset.chapter === tag));
    draw(spec, tag);
  };
  const follow = () => {
    const [, id] = /^#operation\/(.+)$/.exec(location.hash) ?? [];
    const named = operations.find((each) => each.id === decodeURIComponent(id ?? ""));
    if (named !== undefined) show(named.tag);
  };
  finder(spec, operations, (tag) => {
    history.replaceState(null, "", "#reference");
    show(tag);
  });
  addEventListener("hashchange", follow);
  follow();
  if (shown === null) show(first.tag);
}

start().catch((error) => {
  document.getElementById("reference").textContent = `The reference could not be read: ${error.message}`;
});
