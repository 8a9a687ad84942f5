/**
 * Sends one message to an address that somebody outside has given us, and that is not believed to be
 * harmless.
 */
export type WebhookMessage = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type WebhookAnswer = {
  /** Null: there was no answer. */
  readonly status: number | null;
  /** For people; holds nothing of the answer's body. Null: it was taken. */
  readonly problem: string | null;
  /** From the first byte of the request to the end of the answer, in milliseconds. */
  readonly ms: number;
  /** The beginning of the answer's body, as text; null: it had none. */
  readonly answer: string | null;
  /** How long the receiver wants to be left alone, in milliseconds; null: it did not say. */
  readonly retryAfterMs: number | null;
};

export interface WebhookSender {
  /**
   * What is wrong with an address before anything is sent to it, as a sentence; null: nothing that can be
   * seen.
   */
  problemOf(url: string): string | null;
  /** Never throws: what goes wrong is an answer. */
  send(message: WebhookMessage): Promise<WebhookAnswer>;
}
