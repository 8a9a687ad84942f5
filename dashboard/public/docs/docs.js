// The page /docs: boxes that copy, chapters and search, a form to try a request, and the reference, which Redoc
// draws. Plain JavaScript, because it is served as it is.
import { redocTheme } from "./colours.js";
import { copied } from "./copy.js";
import { chapterOf, operationsOf } from "./spec.js";
import { tryForm } from "./try.js";

/** Results of a search that are shown. */
const MOST_FOUND = 40;

function draw(spec, tag) {
  delete document.body.dataset.drawn;
  const element = document.createElement("div");
  element.innerHTML = '<p class="wait">The reference is being drawn…</p>';
  document.getElementById("reference").replaceChildren(element);
  globalThis.Redoc.init(
    chapterOf(spec, tag),
    {
      nonce: document.body.dataset.styleNonce,
      theme: redocTheme(),
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
        call.textContent = `${each.method} ${each.path}`;
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
  const first = operations.find(({ method, path }) => method === "POST" && path === "/v1/orders");
  const form = tryForm(spec, operations);
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
    if (named === undefined) return;
    form.choose(named);
    show(named.tag);
  };
  finder(spec, operations, (tag) => {
    history.replaceState(null, "", "#reference");
    show(tag);
  });
  addEventListener("hashchange", follow);
  matchMedia("(prefers-color-scheme: dark)").addEventListener(
    "change",
    () => shown !== null && draw(spec, shown),
  );
  form.choose(first);
  follow();
  if (shown === null) show(first.tag);
}

/** Redoc keeps a button and a line at the edge of the screen: `reference.css` shows them where it is read. */
new IntersectionObserver(
  ([seen]) => {
    if (seen?.isIntersecting) document.body.dataset.reading = "";
    else delete document.body.dataset.reading;
  },
  { rootMargin: "-50% 0px -50% 0px" },
).observe(document.getElementById("reference"));

for (const pre of document.querySelectorAll(".start pre, .try pre")) copied(pre);
start().catch((error) => {
  document.getElementById("reference").textContent = `The reference could not be read: ${error.message}`;
});
