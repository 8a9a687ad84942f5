import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { preact } from "@preact/preset-vite";
import { defineConfig } from "vite";
import { redocBundle } from "./redoc-bundle.ts";

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
