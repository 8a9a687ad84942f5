/** The time zone in which the company's days begin. The browser's own until the server has said it. */
import { signal } from "@preact/signals";

export const companyZone = signal(Intl.DateTimeFormat().resolvedOptions().timeZone);
