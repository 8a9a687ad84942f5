// Starts a connector: copies integrations/channels/connector-template under a new name, with its guide and
// its line in the registry. What it copies is whole and its tests run; what has to become the vendor's says
// `Fill in:`, and one test is red until none of that is left. See docs/channels/connector-kit.md.
//
//   K1 Nothing that is there is written over; whatever is refused changes nothing.
//   K2 The registry's line is written last: what was interrupted before it is a folder that nothing knows,
//      which `rm -r` takes away.
//
// Plain JavaScript, because it runs before anything is built.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CHANNELS = "integrations/channels";
const TEMPLATE = "connector-template";
/** A channel's row, files, types and variables are named by it. */
const NAME = /^[a-z][a-z0-9]{1,29}$/;
/** An import may not be called so. */
const RESERVED =
  /^(as|async|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|import|in|instanceof|interface|let|new|null|of|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield)$/;

/** What cannot be done; its message says what to do instead. */
export class Refusal extends Error {
  name = "Refusal";
}

/**
 * @param {string} root the project's folder
 * @param {string} name of the vendor, in small letters, e.g. `ecwid`
 * @param {string} [shown] as people write it; absent: the name with a capital letter
 * @returns {string[]} the files that were made or changed, from the root
 */
export function makeConnector(root, name, shown = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`) {
  if (!NAME.test(name) || RESERVED.test(name))
    throw new Refusal(`"${name}" is no name for a connector: 2 to 30 small letters and digits, as in ecwid`);
  if (!/^[\w .&+-]{1,40}$/.test(shown))
    throw new Refusal(`"${shown}" is no name to show: at most 40 letters, digits, spaces, and . & + -`);
  const folder = `${CHANNELS}/${name}`;
  const guide = `docs/channels/${name}.md`;
  for (const path of [folder, guide])
    if (existsSync(join(root, path))) throw new Refusal(`${path} is there already; choose another name`);
  const registry = `${CHANNELS}/registry.ts`;
  const before = readFileSync(join(root, registry), "utf8");
  const after = withVendor(before, name);

  const renamed = (/** @type {string} */ text) =>
    text
      .replaceAll(`"${TEMPLATE}"`, `"${name}"`)
      .replaceAll(/\bcornershop/g, name)
      .replaceAll(/(?<=create|[a-z])Cornershop|Cornershop(?=[A-Z])/g, typeName(name))
      .replaceAll("Cornershop", shown)
      .replaceAll("CORNERSHOP", name.toUpperCase());
  /** @type {string[]} */
  const made = [];
  const copy = (/** @type {string} */ from, /** @type {string} */ to) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    writeFileSync(join(root, to), renamed(readFileSync(join(root, from), "utf8")), { flag: "wx" });
    made.push(to);
  };
  for (const entry of readdirSync(join(root, CHANNELS, TEMPLATE), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1);
    const inside = from.slice(`${CHANNELS}/${TEMPLATE}/`.length);
    copy(from, inside === "guide.md" ? guide : `${folder}/${inside}`);
  }
  writeFileSync(join(root, registry), after);
  return [...made.sort(), registry];
}

/** `ecwid` as a part of a type's name. */
function typeName(/** @type {string} */ name) {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** The registry with the vendor behind the others, and its import where the alphabet has it. */
function withVendor(/** @type {string} */ registry, /** @type {string} */ name) {
  const imports = [...registry.matchAll(/^import \{ (\w+) \} from "\.\/\w+\/vendor\.ts";\n/gm)];
  const next = imports.find((match) => match[1] > name);
  const last = imports.at(-1);
  const end = registry.indexOf("\n];");
  if (last === undefined || end < 0)
    throw new Refusal(`${CHANNELS}/registry.ts is not as this command knows it; add the vendor's line there`);
  if (imports.some((match) => match[1] === name))
    throw new Refusal(`${CHANNELS}/registry.ts has ${name} already; choose another name`);
  const at = next === undefined ? last.index + last[0].length : next.index;
  const line = `import { ${name} } from "./${name}/vendor.ts";\n`;
  return `${registry.slice(0, at)}${line}${registry.slice(at, end)}\n  ${name},${registry.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, shown] = process.argv.slice(2);
  const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
  try {
    if (name === undefined || name.startsWith("-"))
      throw new Refusal('npm run connector:new -- NAME ["Name to show"]');
    const files = makeConnector(root, name, shown);
    const words = [
      ...files,
      "",
      `What is to be filled in: npx vitest run --project unit ${CHANNELS}/every-channel`,
      `Its contract: npx vitest run --project integration ${CHANNELS}/${name}/`,
      "The guide: docs/channels/connector-kit.md",
    ];
    process.stdout.write(`${words.join("\n")}\n`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
