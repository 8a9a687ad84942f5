import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { preact } from "@preact/preset-vite";
import { defineConfig, type Plugin } from "vite";

/** The picture in its menu, which it would fetch from its makers. */
const OUTSIDE_PICTURE = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const NO_PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/** Where it makes styles before it has been told the word by which the page's policy lets them in. */
const STYLE_OF_ITS_OWN = 'var t=n.nc;t&&e.setAttribute("nonce",t)';
const STYLE_WITH_WORD = 'var t=n.nc||document.body.dataset.styleNonce;t&&e.setAttribute("nonce",t)';

/**
 * The gateway serves `dist/dashboard` under a strict
 * Content-Security-Policy: nothing is inlined, everything is hashed.
 */
export default defineConfig({
  root: dirname(fileURLToPath(import.meta.url)),
  plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false }), redocBundle()],
  build: {
    outDir: "../dist/dashboard",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
  },
  server: { proxy: { "/v1": { target: "http://127.0.0.1:7400", ws: true } } },
});

/** Puts Redoc beside the page /docs, so that the reference is drawn without asking anybody outside. */
function redocBundle(): Plugin {
  return {
    name: "redoc-bundle",
    apply: "build",
    generateBundle() {
      const path = createRequire(import.meta.url).resolve("redoc/bundles/redoc.standalone.js");
      const bundle = readFileSync(path, "utf8");
      if (!bundle.includes(OUTSIDE_PICTURE) || !bundle.includes(STYLE_OF_ITS_OWN)) {
        throw new Error("Redoc is another than was known here: see what it loads, and how it makes styles");
      }
      this.emitFile({
        type: "asset",
        fileName: "docs/redoc.js",
        source: bundle
          .replaceAll(OUTSIDE_PICTURE, NO_PICTURE)
          .replace(STYLE_OF_ITS_OWN, STYLE_WITH_WORD)
          .replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"),
      });
      this.emitFile({
        type: "asset",
        fileName: "docs/redoc.licences.txt",
        source: readFileSync(`${path}.LICENSE.txt`, "utf8"),
      });
    },
  };
}
