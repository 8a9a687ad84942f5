/** What this process asks of connected channels: within what each may be asked, and what came of it. */
export type ChannelCallFigures = {
  /** Calls that wait for their turn, and those that are under way. */
  readonly waiting: number;
  readonly underWay: number;
  /** Since the channel's work began in this process. */
  readonly answered: number;
  readonly failed: number;
  /** Those that the channel put off, since it was asked too often. */
  readonly putOff: number;
};

export class ChannelCalls {
  private readonly channels = new Map<string, () => ChannelCallFigures>();

  follow(channel: string, read: () => ChannelCallFigures): void {
    this.channels.set(channel, read);
  }

  forget(channel: string): void {
    this.channels.delete(channel);
  }

  figures(): readonly (ChannelCallFigures & { readonly channel: string })[] {
    return [...this.channels].map(([channel, read]) => ({ channel, ...read() }));
  }
}
