/**
 * What a channel says through a queue that is fetched from, where it calls nobody. A queue promises little: a
 * message may come twice, late, behind later ones, or never.
 *
 * A fault throws a `ServiceFault`, as a connection's does.
 */
export type ChannelMessage = {
  /** The queue's own id of it, for the log. */
  readonly id: string;
  /** As the adapter's `read` takes it. */
  readonly payload: string;
  /** By which the queue is told to forget it. */
  readonly receipt: string;
};

export interface ChannelMessages {
  /**
   * Some messages, after a while also none. What is not forgotten soon is handed out again.
   *
   * @param signal aborted when nobody waits for them any more
   */
  receive(signal: AbortSignal): Promise<readonly ChannelMessage[]>;
  /** They have had their effect. What the queue cannot forget now comes again. */
  forget(messages: readonly ChannelMessage[]): Promise<void>;
}
