/** What the pages know of the company: in which time zone its days begin, and in which currency it counts. */
import { signal } from "@preact/signals";

/** The browser's own until the server has said it. */
export const companyZone = signal(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** ISO 4217. Empty until the server has said it. */
export const companyCurrency = signal("");
