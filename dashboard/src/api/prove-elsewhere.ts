/**
 * A proof by the identity provider, in a window of its own, so that the page keeps what was being done. The
 * window comes back to `/single-sign-on`, which hands the answer to the page that waits for it.
 */
import type { SignOnBegun } from "../../../contract/sign-in/sessions.ts";
import { post } from "./client.ts";

const CHANNEL = "holdfast-proof";
/** As long as the server takes an answer. */
const WAITING_MS = 10 * 60_000;

/** @throws Error where no answer comes */
export async function proveElsewhere(): Promise<void> {
  // At once, while the browser still knows that a person has pressed something.
  const opened = window.open("about:blank", "_blank", "popup,width=520,height=720");
  if (opened === null) throw new Error("The browser let no window open: allow it for this page.");
  const channel = new BroadcastChannel(CHANNEL);
  try {
    const { url } = await post<SignOnBegun>("/sessions/current/single-sign-on", {});
    const state = new URL(url).searchParams.get("state");
    opened.location.href = url;
    const singleSignOn = await answerOf(channel, state);
    await post("/sessions/current/proof", { singleSignOn });
  } finally {
    channel.close();
  }
}

function answerOf(channel: BroadcastChannel, state: string | null): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("No answer came from the identity provider.")),
      WAITING_MS,
    );
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data !== "string" || new URLSearchParams(data).get("state") !== state) return;
      clearTimeout(timer);
      channel.postMessage({ taken: state });
      resolve(data);
    };
  });
}

/** Whether the browser was sent for a proof, and not to sign in. */
export function isForProof(answer: string): boolean {
  return new URLSearchParams(answer).get("state")?.startsWith("proof.") ?? false;
}

/** Of the window that came back. @returns whether a page of ours was waiting for the answer */
export function offerAnswer(answer: string, withinMs: number): Promise<boolean> {
  const channel = new BroadcastChannel(CHANNEL);
  const state = new URLSearchParams(answer).get("state");
  return new Promise((resolve) => {
    const settle = (taken: boolean): void => {
      clearTimeout(timer);
      channel.close();
      resolve(taken);
    };
    const timer = setTimeout(() => settle(false), withinMs);
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "object" && data !== null && "taken" in data && data.taken === state) settle(true);
    };
    channel.postMessage(answer);
  });
}
