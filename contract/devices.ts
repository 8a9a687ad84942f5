/**
 * Devices: what is registered of them, how they are, what they could not say and what happened to them.
 *
 * A secret is in the answer that creates it and nowhere else; a repeat of that request answers without it.
 */
import Type from "typebox";
import {
  Count,
  closed,
  Id,
  Nullable,
  oneOf,
  type Shape,
  sortedPages,
  Text,
  Time,
  text,
  Version,
} from "./shapes.ts";

export const DEVICE_KINDS = ["robot", "conveyor", "rfid_portal"] as const;
const CONNECTIONS = ["online", "offline", "broken"] as const;

export const DeviceView = Type.Object({
  id: Text,
  name: Text,
  kind: oneOf(DEVICE_KINDS),
  protocol: Text,
  locationId: Text,
  connection: oneOf(CONNECTIONS),
  /** False: what it says is put aside, and it gets no work. */
  enabled: Type.Boolean(),
  /** One phrase for a person: `picking shopify-123-F1`, `idle`, `diverting`. */
  activity: Text,
  state: Type.Record(Type.String(), Type.Unknown()),
  lastSeenAt: Nullable(Time),
  /** Messages of the last 24 hours that were put aside. */
  deadLetters: Count,
});
export type DeviceView = Shape<typeof DeviceView>;

const Settings = Type.Record(Type.String({ minLength: 1, maxLength: 64 }), Type.Unknown());

export const DeviceDetail = Type.Object({
  id: Text,
  name: Text,
  kind: oneOf(DEVICE_KINDS),
  protocol: Text,
  locationId: Text,
  enabled: Type.Boolean(),
  version: Count,
  /** Of its kind; what is left out is as usual. */
  settings: Type.Record(Type.String(), Type.Unknown()),
  /** Since when its password counts; null: it has none. */
  passwordIssuedAt: Nullable(Time),
});
export type DeviceDetail = Shape<typeof DeviceDetail>;

/** What a kind of device speaks, and the settings that a form offers. */
export const DeviceKindView = Type.Object({
  kind: oneOf(DEVICE_KINDS),
  protocols: Type.Array(Text),
  fields: Type.Array(
    Type.Object({
      name: Text,
      type: oneOf(["text", "number", "switch", "json"]),
      unit: Nullable(Text),
      /** What holds where it is left out; null: nothing does, or it is as the help says. */
      usual: Type.Unknown(),
      help: Text,
    }),
  ),
});
export type DeviceKindView = Shape<typeof DeviceKindView>;

/** What the broker is to let the device do. */
export const DeviceAcl = Type.Object({
  /** User name at the broker, and the common name of a client certificate. */
  username: Text,
  publish: Type.Array(Text),
  subscribe: Type.Array(Text),
  mosquitto: Type.Object({
    /** Lines of the file that `acl_file` names. */
    acl: Text,
    /** The line of the file that `password_file` names; null: it has no password. */
    passwordLine: Nullable(Text),
  }),
});
export type DeviceAcl = Shape<typeof DeviceAcl>;

export const IssuedDevice = Type.Object({
  device: DeviceDetail,
  /** Shown once; null: it has none, or this is a repeat. */
  secret: Nullable(Text),
  acl: DeviceAcl,
});
export type IssuedDevice = Shape<typeof IssuedDevice>;

/** A level of a topic and a user name at once. */
const DeviceId = Type.String({ pattern: "^[A-Za-z0-9_.-]{1,64}$" });

export const RegisterDeviceBody = Type.Object(
  {
    id: DeviceId,
    name: text(100),
    kind: oneOf(DEVICE_KINDS),
    locationId: Id,
    protocol: text(64),
    settings: Type.Optional(Settings),
    /** How the broker knows it: by a password that is made here, or by its certificate. */
    credentials: Type.Optional(oneOf(["password", "certificate"])),
  },
  closed,
);
export type RegisterDeviceBody = Shape<typeof RegisterDeviceBody>;

/** What is left out stays as it is; `settings` are given as a whole. */
export const ChangeDeviceBody = Type.Object(
  {
    version: Version,
    name: Type.Optional(text(100)),
    locationId: Type.Optional(Id),
    protocol: Type.Optional(text(64)),
    settings: Type.Optional(Settings),
  },
  closed,
);
export type ChangeDeviceBody = Shape<typeof ChangeDeviceBody>;

/** Why a message of a device was put aside. */
export const DEAD_LETTER_CODES = [
  "invalid_json",
  "invalid_message",
  "number_out_of_range",
  "message_too_large",
  "unknown_topic",
  "unknown_device",
  /** The device is known, but not as one that speaks on this topic, at this site or under this manufacturer. */
  "device_mismatch",
  /** The device is switched off. */
  "device_disabled",
  /** An event that the broker had kept: nobody knows how old it is. */
  "retained_message",
  /** A conveyor tells of a tote that belongs to another site, or to nobody. */
  "foreign_tote",
  "unknown_tote",
  /** A conveyor tells of an exit that it does not have. */
  "unknown_lane",
  /** Understood, but its effect failed again and again. */
  "handler_failed",
] as const;
export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number];

export const DeadLetterQuery = {
  device: Type.Optional(Id),
  code: Type.Optional(text(64)),
  ...sortedPages("at"),
};

/** A message that was put aside, as a list shows it. */
const LETTER = {
  id: Text,
  deviceId: Nullable(Text),
  topic: Text,
  code: Text,
  detail: Text,
  /** Bytes of the message. */
  size: Count,
  at: Time,
  /** Whether it can be given to its handler again; it cannot where a later message says the same. */
  canRetry: Type.Boolean(),
  /** `none`, `asked`, `delivered`, or the code with which it failed again. */
  retry: Text,
};
export const DeadLetterRow = Type.Object(LETTER);
export type DeadLetterRow = Shape<typeof DeadLetterRow>;

export const DeadLetterView = Type.Object({
  ...LETTER,
  /** The first 16 KiB, as base64. */
  payload: Text,
  retryAskedBy: Nullable(Text),
});
export type DeadLetterView = Shape<typeof DeadLetterView>;

export const DEVICE_EVENT_KINDS = [
  "online",
  /** It took its leave, or was switched off. */
  "offline",
  /** It is offline because it has said nothing for too long. */
  "silent",
  /** The broker lost its connection. */
  "broken",
  "error",
  "dispatch_refused",
  "dead_letter",
  "enabled",
  "disabled",
  /** Its registration was changed: place, protocol, name or settings. */
  "changed",
  /** The bridge itself has come back to the broker; it is of no device. */
  "bridge_reconnected",
] as const;

export const DeviceEventQuery = {
  device: Type.Optional(Id),
  kind: Type.Optional(oneOf(DEVICE_EVENT_KINDS)),
  location: Type.Optional(Id),
  ...sortedPages("at"),
};

export const DeviceEvent = Type.Object({
  id: Text,
  deviceId: Nullable(Text),
  /** Where the device is registered; null: it is not, or the event is of none. */
  locationId: Nullable(Text),
  kind: oneOf(DEVICE_EVENT_KINDS),
  detail: Text,
  /** How many of the same came within a second. */
  count: Count,
  at: Time,
});
export type DeviceEvent = Shape<typeof DeviceEvent>;
