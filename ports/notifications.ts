/**
 * What Holdfast needs to write to a shopper. `messageId` is derived from the key, so a repeat can be
 * recognised by the receiver.
 */
export interface Mailer {
  send(message: {
    readonly key: string;
    readonly to: string;
    readonly subject: string;
    readonly text: string;
    readonly html: string;
  }): Promise<void>;
}
