/**
 * The built dashboard, read once at the start and served from memory: strong ETags, gzip made beforehand, one
 * page for every address that the dashboard routes itself. A browser that asks for a page that there is not
 * gets the same one, as not found: it says so, and leads back.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import type { HttpReply, HttpRequest } from "../wire/http-message.ts";
import { docsPolicy } from "./content-policy.ts";
import { isPagePath } from "./page-paths.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const COMPRESSIBLE = /^(text|application)\/|\+xml$/;

type StaticFile = {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly etag: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer | null;
};

/** @returns the reply, or null where the address is not the dashboard's */
export type StaticFiles = (request: HttpRequest) => HttpReply | null;

/**
 * @param shopperPolicy the content policy of the shopper's pages
 * @param publicUrl of the system, as the API's reference shows it; null: there is no API yet
 */
export function loadStaticFiles(
  folder: string,
  shopperPolicy: () => string,
  publicUrl: string | null,
): StaticFiles {
  const files = new Map<string, StaticFile>();
  if (existsSync(folder)) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(`/${relative(folder, path).split(sep).join("/")}`, loadFile(path));
    }
  }
  return (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return null;
    const file = files.get(request.path);
    if (file !== undefined) return reply(file, request);
    const docs = files.get("/docs/index.html");
    if (docs !== undefined && publicUrl !== null && /^\/docs\/?$/.test(request.path))
      return docsPage(docs, publicUrl);
    const page = files.get("/index.html");
    if (page === undefined) return null;
    if (!isPagePath(request.path)) return wantsPage(request) ? reply(page, request, 404) : null;
    if (!request.path.startsWith("/track/")) return reply(page, request);
    const shown = reply(page, request);
    return { ...shown, headers: { ...shown.headers, "content-security-policy": shopperPolicy() } };
  };
}

/** The reference of the API. Its policy has a word that is in the page, too, so that nobody keeps a copy. */
function docsPage({ bytes, contentType }: StaticFile, publicUrl: string): HttpReply {
  const nonce = randomBytes(16).toString("base64");
  return {
    status: 200,
    headers: {
      "content-type": contentType,
      "cache-control": "no-store",
      "content-security-policy": docsPolicy(nonce),
    },
    body: bytes.toString().replace("{{style-nonce}}", nonce).replace("{{url}}", publicUrl),
  };
}

/** Whether a person asks, and not a program or the page itself for one of its files. */
function wantsPage({ path, headers }: HttpRequest): boolean {
  return !/^\/(v1|assets)(\/|$)/.test(path) && (headers["accept"] ?? "").includes("text/html");
}

function loadFile(path: string): StaticFile {
  const bytes = readFileSync(path);
  const contentType = CONTENT_TYPES[extname(path)] ?? "application/octet-stream";
  const gzip = bytes.length > 512 && COMPRESSIBLE.test(contentType) ? gzipSync(bytes, { level: 9 }) : null;
  return {
    contentType,
    // The build names the files under assets/ by their content.
    cacheControl: path.includes(`${sep}assets${sep}`) ? "public, max-age=31536000, immutable" : "no-cache",
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`,
    bytes,
    gzip: gzip !== null && gzip.length < bytes.length ? gzip : null,
  };
}

function reply(file: StaticFile, request: HttpRequest, status: 200 | 404 = 200): HttpReply {
  const gzip = file.gzip !== null && /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  // Another representation has another strong ETag.
  const etag = gzip ? file.etag.replace(/"$/, '-gz"') : file.etag;
  const headers = { etag, "cache-control": file.cacheControl, vary: "accept-encoding" };
  if (status === 200 && matchesEtag(request.headers["if-none-match"], etag)) return { status: 304, headers };
  return {
    status,
    headers: {
      ...headers,
      "content-type": file.contentType,
      ...(gzip ? { "content-encoding": "gzip" } : {}),
    },
    body: gzip && file.gzip !== null ? file.gzip : file.bytes,
  };
}

/** RFC 9110's weak comparison of `If-None-Match`. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return (
    ifNoneMatch.trim() === "*" ||
    ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag)
  );
}
