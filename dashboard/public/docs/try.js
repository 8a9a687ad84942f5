// The form that tries a request: it is sent to the system that serves this page, with the reader's own key and
// nothing else, so without a session's cookie. The key is in the page's memory only.
import { answerInto } from "./answer.js";

/** Fields of a query that are shown at once; the others are unfolded. */
const MOST_SHOWN = 4;

/** @returns what chooses the operation that the form is for */
export function tryForm(spec, operations) {
  const section = document.getElementById("try");
  const form = section.querySelector("form");
  const select = form.querySelector("#try-operation");
  const key = form.querySelector("#try-key");
  const summary = form.querySelector(".summary");
  const asked = form.querySelector(".asked");
  const refused = form.querySelector(".refused");
  const curl = form.querySelector(".as-curl code");
  const send = form.querySelector("button[type=submit]");
  const answer = answerInto(section.querySelector(".answer"), (cursor) => {
    asked.querySelector("[data-in=query][name=cursor]").value = cursor;
    form.requestSubmit();
  });
  let chosen = null;

  for (const { name } of spec.tags) {
    const group = document.createElement("optgroup");
    group.label = name;
    group.append(
      ...operations
        .filter(({ tag, id }) => tag === name && id !== "getStream")
        .map(({ id, method, path }) => new Option(`${method} ${path}`, id)),
    );
    select.append(group);
  }

  function choose(operation) {
    if (operation === chosen) return;
    chosen = operation;
    select.value = operation.id;
    const link = document.createElement("a");
    link.href = `#operation/${operation.id}`;
    link.textContent = "How it is described";
    summary.replaceChildren(`${operation.summary}. `, link);
    asked.replaceChildren(...fieldsFor(operation));
    refused.textContent = "";
    answer.clear();
    showCurl();
  }

  function showCurl() {
    try {
      curl.textContent = curlOf(requestOf(chosen, asked));
    } catch (error) {
      curl.textContent = `# ${error.message}`;
    }
  }

  select.addEventListener("change", () => choose(operations.find(({ id }) => id === select.value)));
  form.addEventListener("input", showCurl);
  // Also where the browser keeps the page to come back to.
  addEventListener("pagehide", () => {
    key.value = "";
    answer.clear();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    refused.textContent = "";
    let request;
    try {
      request = requestOf(chosen, asked);
    } catch (error) {
      refused.textContent = error.message;
      return;
    }
    send.disabled = true;
    send.textContent = "Sending…";
    try {
      await answer.show(request, key.value.trim());
    } catch (error) {
      refused.textContent = `There is no answer: ${error.message}`;
    }
    send.disabled = false;
    send.textContent = "Send";
  });
  section.hidden = false;
  return { choose };
}

/** What is asked for: path, query and headers, and the body. */
function fieldsFor({ method, path, operation }) {
  const parameters = operation.parameters ?? [];
  const isAtOnce = ({ required }, at) => required || at < MOST_SHOWN;
  const inQuery = parameters.filter((each) => each.in === "query");
  const shown = [
    ...parameters.filter((each) => each.in === "path"),
    ...inQuery.filter(isAtOnce),
    ...parameters.filter((each) => each.in === "header"),
  ];
  const folded = inQuery.filter((each, at) => !isAtOnce(each, at));
  const parts = [];
  if (shown.length > 0) parts.push(grid(shown));
  if (folded.length > 0) {
    const details = document.createElement("details");
    const heading = document.createElement("summary");
    heading.textContent = `${folded.length} more fields of the query`;
    details.append(heading, grid(folded));
    parts.push(details);
  }
  const content = operation.requestBody?.content;
  if (content !== undefined) parts.push(bodyField(Object.entries(content)[0], `${method} ${path}`));
  return parts;
}

function grid(parameters) {
  const fields = document.createElement("div");
  fields.className = "fields";
  fields.append(...parameters.map(parameterField));
  return fields;
}

function parameterField({ name, in: place, required, schema = {}, description = "" }) {
  const control = controlFor(schema);
  control.name = name;
  control.dataset.in = place;
  control.required = required === true;
  if (name === "Idempotency-Key") control.value = randomName();
  const hints = [
    place === "path" ? "In the path." : "",
    place === "header" ? "A header." : "",
    schema.description ?? "",
    description.startsWith("Empty:") ? "" : description.replaceAll("`", ""),
  ];
  return field(name, control, hints.filter((hint) => hint !== "").join(" "));
}

function controlFor({ enum: values, type, minimum, maximum, format }) {
  if (values !== undefined || type === "boolean") {
    const select = document.createElement("select");
    for (const value of ["", ...(values ?? ["true", "false"])]) select.append(new Option(value, value));
    return select;
  }
  const input = document.createElement("input");
  input.type = "text";
  input.autocomplete = "off";
  input.spellcheck = false;
  if (format === "date") input.placeholder = "YYYY-MM-DD";
  if (type === "integer") {
    input.inputMode = "numeric";
    if (minimum !== undefined && maximum !== undefined) input.placeholder = `${minimum} to ${maximum}`;
  }
  return input;
}

function bodyField([type, { example }], name) {
  const area = document.createElement("textarea");
  area.dataset.in = "body";
  area.dataset.type = type;
  area.spellcheck = false;
  area.value = type.endsWith("json") ? JSON.stringify(example ?? {}, null, 2) : "";
  area.rows = Math.min(24, Math.max(3, area.value.split("\n").length));
  const hint = type.endsWith("json")
    ? `JSON; ${name} is described with every field below.`
    : "The file's text as it is.";
  return field("Body", area, hint);
}

function field(name, control, hint) {
  const box = document.createElement("div");
  box.className = "field";
  const label = document.createElement("label");
  control.id = `try-${control.dataset.in}-${name}`;
  label.htmlFor = control.id;
  label.textContent = control.required ? `${name} (needed)` : name;
  box.append(label, control);
  if (hint !== "") {
    const note = document.createElement("p");
    note.id = `${control.id}-hint`;
    note.className = "hint";
    note.textContent = hint;
    control.setAttribute("aria-describedby", note.id);
    box.append(note);
  }
  return box;
}

/** crypto.randomUUID is there over https only. */
function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The request as the form has it.
 *
 * @throws Error with what is missing or cannot be sent, for its reader
 */
function requestOf({ method, path, operation }, asked) {
  const given = (place) => [...asked.querySelectorAll(`[data-in=${place}]`)];
  const values = new Map(given("path").map(({ name, value }) => [name, value]));
  const address = path.replaceAll(/\{(\w+)\}/g, (_all, name) => {
    const value = values.get(name) ?? "";
    if (value === "") throw new Error(`${name} is missing: it is a part of the path.`);
    // Browsers take these as steps in the path, however they are written.
    if (/^\.{1,2}$/.test(value)) throw new Error(`${name} cannot be "${value}" in a path.`);
    return encoded(value);
  });
  const query = given("query")
    .filter(({ value }) => value !== "")
    .map(({ name, value }) => `${encoded(name)}=${encoded(value)}`);
  const headers = given("header")
    .filter(({ value }) => value !== "")
    .map(({ name, value }) => [name, value]);
  const [area] = given("body");
  if (area?.dataset.type.endsWith("json")) {
    try {
      JSON.parse(area.value.trim() === "" ? "{}" : area.value);
    } catch (error) {
      throw new Error(`The body is no JSON: ${error.message}`);
    }
  }
  return {
    method,
    address: query.length === 0 ? address : `${address}?${query.join("&")}`,
    headers: area === undefined ? headers : [["Content-Type", area.dataset.type], ...headers],
    body: area?.value,
    isPublic: operation.security?.length === 0,
  };
}

/** As encodeURIComponent, and what a shell would read in double quotes. */
function encoded(text) {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The request for a terminal; the key stays where the quick start has put it. */
function curlOf({ method, address, headers, body, isPublic }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    `curl -i ${method === "GET" ? "" : `-X ${method} `}"$HOLDFAST_URL${address}"`,
    ...(isPublic ? [] : ['-H "Authorization: Bearer $HOLDFAST_KEY"']),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-binary ${quoted(body)}`]),
  ].join(" \\\n  ");
}
