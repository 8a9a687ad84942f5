import { type FeedState, feedState } from "../api/feed.ts";

const WORDS: Readonly<Record<FeedState, string>> = {
  off: "Auto-refresh",
  connecting: "Connecting",
  live: "Live",
  waiting: "Reconnecting",
};

/** Whether the page is updated live right now. */
export function Connection() {
  const state = feedState.value;
  return (
    <span class={`connection ${state}`} role="status">
      <span class="dot" />
      {WORDS[state]}
    </span>
  );
}
