/**
 * Sends one message to an address that somebody outside has given us, and that is not believed to be
 * harmless.
 */
export type WebhookMessage = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * `status`: of the answer; null: there was none. `problem` is for people and holds nothing of the answer's
 * body.
 */
export type WebhookAnswer = { readonly status: number | null; readonly problem: string | null };

export interface WebhookSender {
  /**
   * What is wrong with an address before anything is sent to it, as a sentence; null: nothing that can be
   * seen.
   */
  problemOf(url: string): string | null;
  /** Never throws: what goes wrong is an answer. */
  send(message: WebhookMessage): Promise<WebhookAnswer>;
}
