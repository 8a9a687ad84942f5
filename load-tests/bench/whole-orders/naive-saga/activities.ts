/** The steps of the naive saga: each writes one row and commits, once however often it is repeated. */
import type pg from "pg";

export const NAIVE_TABLE_SQL = `
  create table naive_step (
    order_id text not null,
    step     integer not null,
    done_at  timestamptz not null default now(),
    primary key (order_id, step)
  )`;

export type NaiveActivities = { writeStep(orderId: string, step: number): Promise<void> };

export function naiveActivities(database: pg.Pool): NaiveActivities {
  return {
    writeStep: async (orderId, step) => {
      await database.query({
        name: "write-step",
        text: "insert into naive_step (order_id, step) values ($1, $2) on conflict do nothing",
        values: [orderId, step],
      });
    },
  };
}
