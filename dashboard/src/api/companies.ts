/** Whose system this is, and the others that a person may go to. */
import { signal } from "@preact/signals";
import type { Companies } from "../../../contract/company.ts";
import { get } from "./client.ts";

/** null: not known yet. */
export const companies = signal<Companies | null>(null);

/** Pages work without it: where it cannot be had, nothing leads to other companies. */
export async function loadCompanies(): Promise<void> {
  companies.value = await get<Companies>("/companies").catch(() => null);
}
