/**
 * Where a caller may use their permissions: a role may be bound to places, to channels, or to both.
 *
 * W1 Denied by default: whoever is bound calls a route only where it says what a request is about, and only
 *    where that is theirs.
 */
import type { StoredRole } from "../../store/access/roles.ts";
import { ApiError } from "../wire/problem.ts";

export type Within = {
  /** Null: everywhere. */
  readonly locations: ReadonlySet<string> | null;
  /** Null: orders of every channel. */
  readonly channels: ReadonlySet<string> | null;
};

export const ANYWHERE: Within = { locations: null, channels: null };

export function withinRole({ locations, channels }: Pick<StoredRole, "locations" | "channels">): Within {
  return {
    locations: locations === null ? null : new Set(locations),
    channels: channels === null ? null : new Set(channels),
  };
}

export function isBound({ locations, channels }: Within): boolean {
  return locations !== null || channels !== null;
}

/** For lists that leave out what is not the caller's. */
export function boundsOf({ within }: { readonly within: Within }): {
  readonly locations: readonly string[] | null;
  readonly channels: readonly string[] | null;
} {
  const { locations, channels } = within;
  return {
    locations: locations === null ? null : [...locations],
    channels: channels === null ? null : [...channels],
  };
}

/** What a request is about. */
export type Whereabouts = {
  /** All of these places are asked of. */
  readonly everyLocation?: readonly string[];
  /** It is at these places, of which one has to be the caller's. */
  readonly someLocation?: readonly string[];
  readonly channel?: string;
};

/** @throws ApiError `outside_role` where what is asked for is not within the caller's places and channels */
export function requireWithin({ locations, channels }: Within, about: Whereabouts): void {
  const { everyLocation, someLocation, channel } = about;
  if (locations !== null) {
    const isTheirs =
      (everyLocation !== undefined || someLocation !== undefined) &&
      (everyLocation ?? []).every((id) => locations.has(id)) &&
      (someLocation === undefined || someLocation.some((id) => locations.has(id)));
    if (!isTheirs) throw outside("places", locations);
  }
  if (channels !== null && (channel === undefined || !channels.has(channel))) {
    throw outside("channels", channels);
  }
}

function outside(what: string, own: ReadonlySet<string>): ApiError {
  return new ApiError("outside_role", `Your role is bound to the ${what} ${[...own].sort().join(", ")}.`);
}
