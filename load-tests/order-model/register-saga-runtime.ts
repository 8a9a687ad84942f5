/** `node --import` this file: whoever asks for Temporal's workflow library gets `saga-runtime.ts`. */
import { register } from "node:module";

const runtime = new URL("./saga-runtime.js", import.meta.url).href;
const hooks = `export function resolve(specifier, context, next) {
  return specifier === "@temporalio/workflow" ? { url: ${JSON.stringify(runtime)}, shortCircuit: true } : next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
