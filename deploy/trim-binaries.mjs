// For an image: deletes from node_modules the native binaries of other systems (some 400 MB of 820) and fonts
// that nothing is set in (some 130). Runs on the Node and the system that the image will have.
// `node deploy/trim-binaries.mjs [folder]`
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const { arch, platform, versions } = process;
const CPU = { x64: "x86_64", arm64: "aarch64" }[arch] ?? arch;
const SYSTEM =
  { linux: "unknown-linux-gnu", darwin: "apple-darwin", win32: "pc-windows-msvc" }[platform] ?? platform;

/** Folders of binaries, and which entry of each is ours. */
const OURS = [
  ["uWebSockets.js/dist/bin", `uws_${platform}_${arch}_${versions.modules}.node`],
  ["uWebSockets.js-24", `uws_${platform}_${arch}_${versions.modules}.node`],
  ["@temporalio/core-bridge/releases", `${CPU}-${SYSTEM}`],
];

const modules = join(process.argv[2] ?? ".", "node_modules");
let freed = 0;
for (const [folder, ours] of OURS) {
  const path = join(modules, folder);
  const names = readdirSync(path).filter((name) => name.endsWith(".node") || folder.endsWith("releases"));
  for (const name of names.filter((each) => each !== ours)) {
    freed += sizeOf(join(path, name));
    rmSync(join(path, name), { recursive: true });
  }
}
// Of fonts, the weights and forms that documents are set in (print/fonts.ts).
for (const [scope, ours] of [
  ["@fontsource", /-(400|700)-normal\.woff$/],
  ["@embedpdf", /-Regular\.otf$/],
]) {
  for (const name of readdirSync(join(modules, scope))) {
    const folder = join(modules, scope, name, scope === "@fontsource" ? "files" : "fonts");
    for (const file of readdirSync(folder).filter((each) => !ours.test(each))) {
      freed += sizeOf(join(folder, file));
      rmSync(join(folder, file));
    }
  }
}
process.stdout.write(`${Math.round(freed / 1024 ** 2)} MB of other systems' binaries and of fonts deleted\n`);

function sizeOf(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
