/**
 * An authenticator in software: makes passkeys and answers challenges as a browser hands them on, so that a
 * test can have it say what no real one would.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

type Options = {
  readonly challenge: string;
  readonly rp?: { readonly id: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
};

/** What differs from an honest answer. */
export type Twist = {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly userHandle?: string;
  readonly counter?: number;
  /** Present and verified, unless it says otherwise. */
  readonly flags?: number;
  readonly type?: string;
  readonly crossOrigin?: boolean;
};

const PRESENT_AND_VERIFIED = 0b0101;
const HAS_CREDENTIAL = 0b0100_0000;

export class SoftAuthenticator {
  private readonly origin: string;
  readonly credentialId = randomBytes(32);
  private readonly keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  private userHandle = "";
  counter = 0;

  constructor(origin: string) {
    this.origin = origin;
  }

  get id(): string {
    return this.credentialId.toString("base64url");
  }

  make(options: Options, twist: Twist = {}) {
    this.userHandle = options.user?.id ?? "";
    const data = Buffer.concat([
      this.head(options.rp?.id ?? "", {
        ...twist,
        flags: (twist.flags ?? PRESENT_AND_VERIFIED) | HAS_CREDENTIAL,
      }),
      Buffer.alloc(16),
      Buffer.from([0, this.credentialId.length]),
      this.credentialId,
      coseKey(this.keys.publicKey),
    ]);
    const attestation = Buffer.concat([
      Buffer.from([0xa3]),
      cborText("fmt"),
      cborText("none"),
      cborText("attStmt"),
      Buffer.from([0xa0]),
      cborText("authData"),
      Buffer.from([0x58, data.length]),
      data,
    ]);
    return this.credential({
      clientDataJSON: this.clientData("webauthn.create", options, twist).toString("base64url"),
      attestationObject: attestation.toString("base64url"),
      transports: ["internal"],
    });
  }

  answer(options: Options, twist: Twist = {}) {
    this.counter += 1;
    const data = this.head(options.rpId ?? "", twist);
    const client = this.clientData("webauthn.get", options, twist);
    const signed = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    return this.credential({
      clientDataJSON: client.toString("base64url"),
      authenticatorData: data.toString("base64url"),
      signature: sign("sha256", signed, this.keys.privateKey).toString("base64url"),
      userHandle: twist.userHandle ?? this.userHandle,
    });
  }

  private credential<T>(response: T) {
    return { id: this.id, rawId: this.id, type: "public-key", response, clientExtensionResults: {} };
  }

  private head(rpId: string, { rpId: other, flags = PRESENT_AND_VERIFIED, counter = this.counter }: Twist) {
    const tail = Buffer.alloc(5);
    tail.writeUInt8(flags);
    tail.writeUInt32BE(counter, 1);
    return Buffer.concat([
      createHash("sha256")
        .update(other ?? rpId)
        .digest(),
      tail,
    ]);
  }

  private clientData(type: string, { challenge }: Options, twist: Twist): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: twist.type ?? type,
        challenge: twist.challenge ?? challenge,
        origin: twist.origin ?? this.origin,
        crossOrigin: twist.crossOrigin ?? false,
      }),
    );
  }
}

/** ES256 as COSE has it (RFC 9053). */
function coseKey(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const coordinate = (label: number, text: string) =>
    Buffer.concat([Buffer.from([label, 0x58, 32]), Buffer.from(text, "base64url")]);
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]),
    coordinate(0x21, x),
    coordinate(0x22, y),
  ]);
}

function cborText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + text.length]), Buffer.from(text)]);
}
