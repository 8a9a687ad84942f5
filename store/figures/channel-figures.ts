/**
 * Of each channel that is connected and switched on: how far it is read and told, and what waits for people.
 */
import type { Queryable } from "../sql/database.ts";

export type ChannelFigures = {
  readonly channel: string;
  readonly isWorking: boolean;
  /** Since the end of the last look for orders; where there was none, since it was connected. */
  readonly readAgeSeconds: number;
  /** How often it is looked at. */
  readonly pollSeconds: number;
  /** Orders that its webhooks have named and that are still to be read. */
  readonly named: number;
  readonly waiting: number;
  readonly dead: number;
  /** Age of the oldest telling that waits and that the channel has not under way; 0: none does. */
  readonly waitingSeconds: number;
  /** Figures that it has not got; what a channel does not take that works otherwise, it refuses. */
  readonly stockWaiting: number;
  readonly stockRefused: number;
  /** Age of the oldest of those that wait; 0: none does. */
  readonly stockWaitingSeconds: number;
  readonly differences: number;
};

export async function readChannelFigures(database: Queryable): Promise<readonly ChannelFigures[]> {
  const { rows } = await database.query<ChannelFigures>(
    `select a.channel_id as channel, p.problem_code is null as "isWorking",
            extract(epoch from now() - coalesce(p.looked_at, a.created_at))::float8 as "readAgeSeconds",
            a.poll_seconds as "pollSeconds",
            (select count(*)::int from channel_changed_order n where n.channel_id = a.channel_id) as named,
            t.waiting, t.dead, t.seconds as "waitingSeconds",
            l.waiting as "stockWaiting", l.refused as "stockRefused", l.seconds as "stockWaitingSeconds",
            (select count(*)::int from channel_difference d
              where d.channel_id = a.channel_id and d.state = 'raised') as differences
       from channel_account a
       join channel c on c.id = a.channel_id
       join channel_progress p on p.channel_id = a.channel_id
       cross join lateral (
         select count(*) filter (where state = 'waiting')::int as waiting,
                count(*) filter (where state = 'dead')::int as dead,
                coalesce(extract(epoch from now() - min(made_at) filter (
                  where state = 'waiting' and code is distinct from 'under_way')), 0)::float8 as seconds
           from channel_telling t where t.channel_id = a.channel_id and t.state in ('waiting', 'dead')) t
       cross join lateral (
         select count(*) filter (where not is_refused)::int as waiting, count(*) filter (where is_refused)::int as refused,
                greatest(0, coalesce(extract(epoch from
                  now() - greatest(min(wanted_at) filter (where not is_refused), p.stock_held_until)), 0))::float8 as seconds
           from channel_listing l
          cross join lateral (select l.problem is not null and p.problem_code is null as is_refused) kind
          where l.channel_id = a.channel_id and a.tells_stock and l.seen_at is not null and l.wanted is not null
            and l.wanted is distinct from l.told) l
      where a.active and c.active order by a.channel_id`,
  );
  return rows;
}
