/**
 * Signature Version 4 of Amazon Web Services, over a POST whose path is signed as it is: no query, and no
 * sign in the path that would have to be escaped.
 */
import { createHash, createHmac } from "node:crypto";

export type AwsSigner = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** E.g. `eu-west-1`. */
  readonly region: string;
  /** E.g. `sqs`. */
  readonly service: string;
};

/**
 * The headers to send: those given, with `x-amz-date` and `authorization`. The host is signed, and sent by
 * whoever makes the call.
 *
 * @param headers with small names
 * @param atMs milliseconds of the Unix epoch; the service refuses what is minutes off its clock
 */
export function signAwsCall(
  call: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
  signer: AwsSigner,
  atMs: number,
): Record<string, string> {
  const { host, pathname } = new URL(call.url);
  const time = `${new Date(atMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const day = time.slice(0, 8);
  const sent = { ...call.headers, "x-amz-date": time };
  const signed = Object.entries({ ...sent, host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(";");
  const lines = signed.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, " ")}`);
  const canonical = ["POST", pathname, "", ...lines, "", names, hashOf(call.body)].join("\n");
  const scope = `${day}/${signer.region}/${signer.service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, hashOf(canonical)].join("\n");
  const key = [day, signer.region, signer.service, "aws4_request"].reduce<Buffer | string>(
    (last, part) => hmac(last, part),
    `AWS4${signer.secretAccessKey}`,
  );
  const signature = hmac(key, text).toString("hex");
  const credential = `${signer.accessKeyId}/${scope}`;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
