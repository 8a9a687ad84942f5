/**
 * Whether the person before the browser has lately proved who they are. A session lasts a working day, and a
 * browser is left open in it; so what is risky asks again (ADR 0051).
 *
 * API keys are let through: a key is the proof itself and comes with every request, nobody sits before it who
 * could be asked, and what it may do, and for how long, was given to it by somebody who was asked.
 */
import { SESSION_OWN_PROOF_MS, SESSION_PROOF_MS } from "../../config/limits.ts";
import { ApiError } from "../wire/problem.ts";
import type { Principal } from "./authentication.ts";

/** `recent`: rights and secrets of the company. `own`: how oneself signs in. */
export type ProofKind = "recent" | "own";

/** Milliseconds that the proof may lie back. */
export const PROOF_AGES: Readonly<Record<ProofKind, number>> = {
  recent: SESSION_PROOF_MS,
  own: SESSION_OWN_PROOF_MS,
};

/** @throws ApiError `reauthentication_needed` */
export function requireProof({ session }: Pick<Principal, "session">, kind: ProofKind): void {
  if (session === null || session.provedAgoMs <= PROOF_AGES[kind]) return;
  throw new ApiError(
    "reauthentication_needed",
    `Prove again who you are (POST /v1/sessions/current/proof), then repeat this: the last time is more than ${PROOF_AGES[kind] / 60_000} minutes ago.`,
  );
}
