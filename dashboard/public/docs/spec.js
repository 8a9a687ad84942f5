// The OpenAPI document as the page reads it: its operations, and a chapter of it as a document of its own.

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Every operation with the chapter that it is in. */
export function operationsOf(spec) {
  return Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => {
      const operation = item[method];
      const { operationId, summary = "", tags = [] } = operation;
      return { id: operationId, method: method.toUpperCase(), path, summary, tag: tags[0] ?? "", operation };
    }),
  );
}

/**
 * One chapter as a document of its own: its operations, and of the shapes those that they lead to. All of it at
 * once takes a browser half a minute.
 */
export function chapterOf(spec, tag) {
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
