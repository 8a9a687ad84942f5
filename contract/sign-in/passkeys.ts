/**
 * Passkeys (WebAuthn level 3), in the JSON that browsers make of them (`toJSON`, `parse…FromJSON`).
 */
import Type from "typebox";
import { PASSKEY_ANSWER_CHARACTERS } from "../../config/limits.ts";
import { closed, Nullable, type Shape, Text, Time, text } from "../shapes.ts";

/** Bytes as base64url without padding. */
const Bytes = Type.String({
  minLength: 1,
  maxLength: PASSKEY_ANSWER_CHARACTERS,
  pattern: "^[A-Za-z0-9_-]+$",
});

const credential = <T extends Parameters<typeof Type.Object>[0]>(response: T) =>
  Type.Object(
    {
      id: Bytes,
      rawId: Bytes,
      type: Type.Literal("public-key"),
      response: Type.Object(response, closed),
      clientExtensionResults: Type.Record(Type.String(), Type.Unknown()),
      authenticatorAttachment: Type.Optional(Type.String({ maxLength: 32 })),
    },
    closed,
  );

/** What a browser answers to options for a new passkey. */
export const NewPasskeyAnswer = credential({
  clientDataJSON: Bytes,
  attestationObject: Bytes,
  transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16 })),
  publicKeyAlgorithm: Type.Optional(Type.Integer()),
  publicKey: Type.Optional(Bytes),
  authenticatorData: Type.Optional(Bytes),
});
export type NewPasskeyAnswer = Shape<typeof NewPasskeyAnswer>;

/** What a browser answers to a challenge, by a passkey that it has. */
export const PasskeyAnswer = credential({
  clientDataJSON: Bytes,
  authenticatorData: Bytes,
  signature: Bytes,
  userHandle: Type.Optional(Bytes),
});
export type PasskeyAnswer = Shape<typeof PasskeyAnswer>;

/** `PublicKeyCredentialCreationOptionsJSON` and `PublicKeyCredentialRequestOptionsJSON`, for the browser. */
export const PasskeyOptions = Type.Object({ options: Type.Record(Type.String(), Type.Unknown()) });
export type PasskeyOptions = Shape<typeof PasskeyOptions>;

export const PasskeyView = Type.Object({
  id: Text,
  name: Text,
  /** Whether its maker copies it to other devices of the person. */
  synced: Type.Boolean(),
  createdAt: Time,
  lastUsedAt: Nullable(Time),
});
export type PasskeyView = Shape<typeof PasskeyView>;

export const AddPasskeyBody = Type.Object({ name: text(60), credential: NewPasskeyAnswer }, closed);
export type AddPasskeyBody = Shape<typeof AddPasskeyBody>;

export const PasskeyAdded = Type.Object({
  passkey: PasskeyView,
  /** For the day when it is gone; null: the person had some. Each counts once, and is shown this once. */
  recoveryCodes: Nullable(Type.Array(Text)),
});
export type PasskeyAdded = Shape<typeof PasskeyAdded>;

export const PasskeyLogin = Type.Object({ credential: PasskeyAnswer }, closed);
