/**
 * The signature of eBay's notifications: `x-ebay-signature` is base64 of JSON with the key's id, the digest and
 * an ECDSA signature of the body. What checks it is eBay's public key (Notification API, getPublicKey), which
 * is the channel's secret here: in PEM, or its base64 alone, as eBay hands it out.
 *
 * The signature has no time. A notification that is sent again names its order again, and no more.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { ChannelAdapter } from "../../../ports/channels.ts";
import { parseJson, textAt } from "../../vendor-kit/vendor-json.ts";
import { webhookOf } from "../reading.ts";

const DIGESTS: Readonly<Record<string, string>> = { SHA1: "sha1", SHA256: "sha256" };

export const openEbayWebhook: ChannelAdapter["openWebhook"] = (headers, rawBody, secret) => {
  const said = signatureIn(headers["x-ebay-signature"]);
  const key = publicKeyOf(secret);
  if (said === null || key === null) return null;
  try {
    if (!verify(said.digest, rawBody, key, Buffer.from(said.signature, "base64"))) return null;
  } catch {
    // A signature that is none.
    return null;
  }
  const document = parsed(rawBody.toString("utf8"));
  return webhookOf(
    textAt(document, "metadata", "topic") || undefined,
    textAt(document, "notification", "notificationId") || undefined,
  );
};

function signatureIn(
  header: string | undefined,
): { readonly digest: string; readonly signature: string } | null {
  if (header === undefined || header.length > 4_096) return null;
  const said = parsed(Buffer.from(header, "base64").toString("utf8"));
  const digest = DIGESTS[textAt(said, "digest").toUpperCase().replace("-", "")];
  const signature = textAt(said, "signature");
  return digest === undefined || signature === "" ? null : { digest, signature };
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Only of an elliptic curve: whoever may choose the kind of key may choose the check. */
function publicKeyOf(secret: string): KeyObject | null {
  const base64 = secret.replace(/-----(BEGIN|END) PUBLIC KEY-----/g, "").replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/]{60,}={0,2}$/.test(base64)) return null;
  try {
    const key = createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ec" ? key : null;
  } catch {
    return null;
  }
}
