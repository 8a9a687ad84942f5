/**
 * Every limit of the gateway, with its unit and its reason. They bound what one caller can cost. None is a
 * setting: a deployment that needs another value needs to know why this one was chosen.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// ---- REST and webhooks

/**
 * Bytes of a request body. The largest real channel payload seen is 20 KiB; an order of 1,000 lines is some
 * 200 KiB.
 */
export const MAX_BODY_BYTES = 256 * KIB;
/** Changes in one `POST /v1/bulk`: they are done one after the other, and somebody waits. */
export const MAX_BULK_REQUESTS = 100;
/**
 * Nesting of JSON and MessagePack. The deepest channel payload seen has 9 levels. Parsers recurse, so there
 * is a limit.
 */
export const MAX_DEPTH = 32;
/**
 * Values in one request or frame: without it, a quarter of a MiB of `[],[],…` would cost a hundred times its
 * size in memory.
 */
export const MAX_VALUES = 100_000;
/**
 * Orders of one payload: each is answered, so the answer grows with them, and all of one request are in work
 * together. The largest page that a channel's API gives is 250.
 */
export const MAX_PAYLOAD_ORDERS = 500;
/**
 * Characters of a payload beyond which it is read on another thread: it would take longer than some
 * milliseconds.
 */
export const READ_ASIDE_CHARACTERS = 32 * KIB;
/**
 * Orders of one payload in work at a time. Those that one commit carries go on together, and others wait so
 * long.
 */
export const PAYLOAD_ORDERS_AT_ONCE = 8;
/** Webhooks of one channel in work at a time in a process: as many orders as one of its payloads has. */
export const CHANNEL_WEBHOOKS_AT_ONCE = 8;
/** Of these, so many are begun even where the process is late: two of one order often come together. */
export const CHANNEL_WEBHOOKS_ALWAYS = 2;
/**
 * Milliseconds between two that had to wait, where the process is late: a channel that floods goes on, and
 * leaves most of the time to others.
 */
export const CHANNEL_LATE_PAUSE_MS = 50;
/**
 * Webhooks of one channel that wait for their turn. They are answered within five seconds, after which most
 * vendors hang up, also where the machine does thirty a second; what comes on top is refused at once.
 */
export const CHANNEL_WEBHOOKS_WAITING = 128;
/**
 * Milliseconds after which a channel that floods is to send again what was refused. Vendors have pauses of
 * their own, of a minute and more.
 */
export const CHANNEL_BUSY_RETRY_MS = 30 * SECOND;
/**
 * Milliseconds by which a thread may be behind before work that can wait does: a request makes some ten turns
 * of its thread, and each of them is late by so much.
 */
export const LATE_MS = 2;
/**
 * Requests of one caller in work at a time over REST, and bytes of their bodies: as many as the stream has
 * messages of one channel in work, and some eight of the largest bodies. All of it together stays in some
 * hundred MiB of memory.
 */
export const CALLER_WORK = { requests: 512, bytes: 2 * MIB };
/** The same of all callers together: several that each do what they may. */
export const ALL_WORK = { requests: 4_096, bytes: 32 * MIB };
/**
 * Bytes of bodies that have arrived in part or whole, of everybody, known or not: what a thousand callers may
 * send at once in ordinary sizes.
 */
export const MAX_BODIES_BYTES = 64 * MIB;
/** Milliseconds after which a caller whose work is in hand, or who is kept out by others', tries again. */
export const WORK_RETRY_MS = 250;
/**
 * Bytes of an answer that is kept for a repeat. What is larger is worked out again: requests are idempotent.
 */
export const MAX_KEPT_REPLY_BYTES = 256 * KIB;
/**
 * Milliseconds for a request's body to arrive whole: a slow sender may not hold a connection for longer. Less
 * than the ten seconds after which the server itself cuts a silent connection off, without a word.
 */
export const BODY_DEADLINE_MS = 8 * SECOND;
/** Bytes of a body that a handler reads as it comes, ahead of the handler: the sender is stopped then. */
export const STREAMED_BYTES_AHEAD = MIB;
/**
 * Milliseconds after which a reader that takes nothing of a long reply is cut off: it keeps a connection to
 * PostgreSQL.
 */
export const STREAM_STALL_MS = 30 * SECOND;
/** Milliseconds that a graceful stop waits for requests that have begun. */
export const STOP_DEADLINE_MS = 5 * SECOND;
/** Characters of a path's parameter: none of our ids is as long. */
export const MAX_PATH_PARAMETER = 300;
/** Rows of a page: default and most. A page of 200 orders is some 100 KiB. */
export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 200;
/** Rows of one export of orders: what a spreadsheet still opens at once, some 4 MiB. */
export const ORDER_EXPORT_ROWS = 20_000;
/** Movements of one export: some months of a busy position. */
export const MOVEMENT_EXPORT_ROWS = 20_000;
/** Packing slips of one document: a packer's round, a second or two of drawing. */
export const PACKING_SLIPS_MOST = 100;
/** Views that one person keeps: more than a menu can show. */
export const MAX_SAVED_VIEWS = 100;
/**
 * Days for which personal data is kept where nobody has set it; null: as long as the order is. Only who runs
 * a shop knows which law applies to it.
 */
export const RETENTION_DAYS = { keepWhole: null, payloads: null, labels: null, mails: null, persons: null };
/**
 * Days after its end that an order stays in the busy tables where nobody has set it: longer than nearly
 * everything that still comes of an order, so that hardly one comes back.
 */
export const ARCHIVE_AFTER_DAYS = 90;
/** Orders of one person in one export: more than that is a business partner, and asked for order by order. */
export const PERSONS_ORDERS_MAX = 2_000;
/** Entries of the audit log in one part of an export or a verification: some 4 MiB, well under a second. */
export const AUDIT_EXPORT_ROWS = 5_000;
/**
 * Bytes of an audit entry's `before` or `after`. What people set is far smaller; beyond it only its size is
 * kept.
 */
export const AUDIT_DETAIL_BYTES = 16_384;
/**
 * Refusals of one caller or address that are recorded one by one. What comes faster is counted, and the count
 * is in the next entry: a flood of refused requests must not become a flood of writes. Size, and refill a
 * second.
 */
export const AUDIT_REFUSAL_BUCKET = { size: 20, perSecond: 0.2 };
/** Stock commands of one request or message: one commit's worth; more come as more messages. */
export const MAX_STOCK_COMMANDS = 1_000;
/** SKUs of one `stock.positions` message. */
export const MAX_POSITION_SKUS = 1_000;
/**
 * Positions of one `positions.open` message: what fits in a frame. A client opens each of its positions once.
 */
export const MAX_OPEN_POSITIONS = 4_096;
/** Characters of a lane's name, so that the engine's limit has room for the key before it. */
export const MAX_LANE_NAME = 64;

/**
 * Units by which a cycle count may differ before a second person has to approve it, and by which one person
 * may adjust a position, as long as nobody has set another number on the page. Miscounts are a few units.
 * More is a misplaced pallet, a receipt not booked, or theft, and none of those should correct itself
 * quietly.
 */
export const STOCK_APPROVAL_UNITS = 10;

// ---- identity

/** Entries about one person who looks at one shopper's data again and again: one, and one more an hour. */
export const PERSONAL_DATA_LOOKS = { size: 1, perSecond: 1 / 3_600 };

/** A forgotten browser is signed out after a working half-day, any browser after a working day. */
export const SESSION_IDLE_MS = 4 * HOUR;
export const SESSION_ABSOLUTE_MS = 12 * HOUR;
/**
 * How long ago the owner of a session may have proved who they are, before an act that is risky: rights and
 * secrets. Long enough for a task at a desk, too short for a browser that was left open.
 */
export const SESSION_PROOF_MS = 10 * MINUTE;
/** The same before a change of how they sign in: whoever changes that keeps the account for good. */
export const SESSION_OWN_PROOF_MS = 2 * MINUTE;
/** A person finds their key, and touches it, within minutes. */
export const PASSKEY_CHALLENGE_MS = 5 * MINUTE;
/** Whoever has to find their phone for the identity provider is back within minutes. */
export const SINGLE_SIGN_ON_MS = 10 * MINUTE;
/** Of one person: some devices, and a spare. */
export const PASSKEYS_MOST = 20;
/** Of each part of a passkey's answer; the longest are attestations with certificates. */
export const PASSKEY_ANSWER_CHARACTERS = 32_768;
/** How long the token before the last proof counts on: what a page asked for with it is under way. */
export const SESSION_TOKEN_OVERLAP_MS = 30 * SECOND;
/**
 * Wrong passwords of one account from one address that are answered without a wait; the next one doubles the
 * wait each time. A person mistypes a few times.
 */
export const GUESSES_AT_ONCE = 5;
export const GUESS_DELAY_FIRST_MS = SECOND;
/** The longest such wait, and where the owner has signed in from the same address: it may be the owner. */
export const GUESS_DELAY_MOST_MS = 15 * MINUTE;
export const GUESS_DELAY_KNOWN_MS = 30 * SECOND;
/** Without an attempt for so long, wrong ones are forgotten. */
export const GUESS_FORGOTTEN_MS = HOUR;
/** How long an address is known from which somebody has signed in. */
export const KNOWN_ADDRESS_DAYS = 30;
/**
 * Sign-in attempts of one account from addresses from which nobody of it has signed in lately: a guesser
 * needs millions. Size, and refill a second.
 */
export const LOGIN_ACCOUNT_BUCKET = { size: 10, perSecond: 10 / 60 };
/** The same of one address: an office behind one address starts work at one time. */
export const LOGIN_ADDRESS_BUCKET = { size: 50, perSecond: 1 };
/**
 * Links to set a password that one account is mailed: for the mail that did not come, not to fill a mailbox.
 */
export const RESET_BUCKET = { size: 3, perSecond: 3 / 3600 };
/** Wrong codes of a second factor: of a million numbers three are right, so that a guesser needs years. */
export const SECOND_FACTOR_BUCKET = { size: 5, perSecond: 5 / 900 };
/**
 * Characters of a password. Length is what makes it hard to guess; beyond the most only the hash takes
 * longer.
 */
export const PASSWORD_LEAST = 12;
export const PASSWORD_MOST = 256;
/** A new colleague reads the mail within days; who has forgotten a password sits before the page. */
export const INVITATION_MS = 7 * 24 * HOUR;
export const RESET_MS = HOUR;
/**
 * Tries of payment that were declined, or are under way, of one order within this time, before another means
 * of payment can be given: a customer has two or three cards, who tests stolen ones has thousands, and the
 * bank and the payment provider count every decline against the shop.
 */
export const MAX_PAYMENT_TRIES = 5;
export const PAYMENT_TRIES_MS = HOUR;
/** Milliseconds that signing in waits for Redis before this process counts attempts alone. */
export const REDIS_ANSWER_MS = 250;
/**
 * Requests of one API key or session from one address: near what one process can answer, so that one runaway
 * caller does not take all of it.
 */
export const REQUEST_BUCKET = { size: 10_000, perSecond: 5_000 };
/**
 * Requests of one address without identity: tracking pages, and webhooks, which come in bursts from one
 * carrier.
 */
export const ANONYMOUS_BUCKET = { size: 4_000, perSecond: 2_000 };
/** Buckets remembered. Beyond it the one that was used longest ago is forgotten; it is full again by then. */
export const MAX_BUCKETS = 50_000;
/** How long an `Idempotency-Key` is remembered: longer than any connector goes on retrying. */
export const IDEMPOTENCY_RETENTION_MS = 48 * HOUR;
/** A claim without an answer that is this old belongs to a process that died; the repeat may run it again. */
export const IDEMPOTENCY_CLAIM_MS = MINUTE;

// ---- WebSocket

/** Bytes of a frame: 1,000 messages of 1 KiB. A larger frame is refused with `frame_too_large`. */
export const MAX_FRAME_BYTES = MIB;
/**
 * Bytes of a frame that the server reads at all (to be able to refuse it with a code); beyond it the socket
 * is closed.
 */
export const MAX_TRANSPORT_FRAME_BYTES = 16 * MIB;
/** Messages of a frame. */
export const MAX_FRAME_MESSAGES = 1_000;
/**
 * Until when a request is answered or refused, milliseconds: callers are promised ten seconds, and the answer
 * needs some of its own. Requests to other engines give up sooner, with a better reason.
 */
export const ANSWERED_WITHIN_MS = 9_000;
/**
 * The same for a message of the stream. A caller that finds its gateway silent for 3.75 seconds more, and
 * leaves it for another, has known nothing for less than ten.
 */
export const MESSAGE_ANSWERED_WITHIN_MS = 6_000;
/**
 * How long a process asks another one's engine, milliseconds. Less than any caller waits: a request that went
 * on to another engine after its caller was told that nothing is known could be done there behind the refusal
 * of its repeat.
 */
export const ENGINE_PATIENCE_MS = 5_000;
/**
 * Unanswered messages of a connection: enough that one connection alone can fill the engine's next commit.
 */
export const CONNECTION_CREDIT = 4_096;
/** Bytes of unanswered messages of a connection: credit alone would let large orders fill the memory. */
export const CONNECTION_PENDING_BYTES = 16 * MIB;
/** Bytes of replies that may wait for a reader; a reader that lets more pile up is cut off. */
export const MAX_BACKPRESSURE_BYTES = 4 * MIB;
/**
 * Waiting bytes above which the feed pauses for a reader. The reader lags, and goes on from its cursor once
 * it has read.
 */
export const CATCH_UP_PAUSE_BYTES = MIB;
/** Bad frames of a connection before it is closed with 1008. */
export const MAX_BAD_FRAMES = 10;
/**
 * Seconds of silence after which a WebSocket is closed; the server pings by itself in time. 0 or 8 to 960.
 */
export const WEBSOCKET_IDLE_SECONDS = 60;
/** WebSocket connections of this process: some 20 KiB each. */
export const MAX_CONNECTIONS = 10_000;
/**
 * How often open connections are checked for what has run out; the database tells of what was changed at
 * once.
 */
export const REVALIDATE_MS = 30 * SECOND;
/** Messages in work at a time: over all connections, and of one channel or key. The rest waits its turn. */
export const MAX_RUNNING_MESSAGES = 1_024;
export const MAX_RUNNING_PER_CHANNEL = 512;
/** After this a feed looks again whether a slow reader has room, should the word of it have been left out. */
export const DRAIN_CHECK_MS = 1_000;
/** Feed entries of one read. */
export const FEED_BATCH = 500;
/** Bytes of one `feed.events` message, about: the reader's socket is asked again after each. */
export const FEED_MESSAGE_BYTES = 512 * KIB;
/** How often a feed is read while anybody listens. */
export const FEED_POLL_MS = 100;
/** SKUs, or locations, that a subscription to changes of stock names at most. */
export const MAX_STOCK_FEED_NAMES = 1_000;
/**
 * Characters of a cursor of the changes of stock: about a number of up to 15 digits for each of 256 shards.
 */
export const MAX_STOCK_CURSOR_LENGTH = 4_096;

/** Bytes of a file that is imported: some ten million rows. */
export const MAX_IMPORT_BYTES = 2 * 1024 * MIB;
/** The same of all files together that are kept: they are in the database, beside what it is for. */
export const MAX_IMPORTS_BYTES = 8 * 1024 * MIB;
/** Bytes of an upload that are stored at a time: so much is sent again at most after a break. */
export const IMPORT_PART_BYTES = 256 * KIB;
/** Entries that are booked together, and counted in one step: what a crash has done again. */
export const IMPORT_BATCH = 500;
/** Faults that are kept of one import: more than anybody corrects. All are counted. */
export const MAX_IMPORT_FAULTS = 100_000;
/** Imports that are read at once; others wait. */
export const IMPORTS_AT_ONCE = 3;
/**
 * Milliseconds that an import rests at most after a batch, as long as the batch took, so that others have
 * their turn.
 */
export const IMPORT_REST_MS = 500;
/** Days after which the file of an import at which nothing happens is thrown away. */
export const IMPORT_FILE_DAYS = 30;
