/**
 * Files and what is said of their rows may tell of shoppers who have no order here, so no order's key is
 * theirs: they are kept under the system's own, and are gone with their import. Where there is no vault they
 * are as they came; the first byte, or letter, says which.
 */
import { vaultOf } from "../personal-data/vault.ts";

const CLEAR = 0;
const SEALED = 1;

export function sealText(database: object, purpose: string, clear: string): string {
  const vault = vaultOf(database);
  return vault === undefined ? `c${clear}` : `s${vault.sealReply(purpose, clear)}`;
}

export function openText(database: object, purpose: string, stored: string): string {
  const rest = stored.slice(1);
  if (stored[0] === "c") return rest;
  const vault = vaultOf(database);
  if (vault === undefined) throw new Error(`${purpose} is sealed, and there is no vault`);
  return vault.openReply(purpose, rest);
}

export function sealBytes(database: object, purpose: string, clear: Uint8Array): Buffer {
  const vault = vaultOf(database);
  return vault === undefined
    ? Buffer.concat([Buffer.of(CLEAR), clear])
    : Buffer.concat([Buffer.of(SEALED), vault.sealUpload(purpose, clear)]);
}

export function openBytes(database: object, purpose: string, stored: Buffer): Buffer {
  const rest = stored.subarray(1);
  if (stored[0] === CLEAR) return rest;
  const vault = vaultOf(database);
  if (vault === undefined) throw new Error(`${purpose} is sealed, and there is no vault`);
  return vault.openUpload(purpose, rest);
}
