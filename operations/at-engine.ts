/**
 * Operations that run beside an engine, whoever calls them: the one that has the home of their order, where
 * several share the stock.
 *
 * An operation that reserves stock and writes something of its own in the same commit hands the engine
 * functions and records, which cannot leave the process. So it goes there as a whole: its name and what it
 * is given, as plain data. Its answer comes back the same way. Where one process has all of the stock,
 * nothing of this is to be noticed in it.
 *
 * E1 whatever calls `reserveOrder` or `commit` of the allocator is such an operation, or is called by one
 *    alone
 * E2 what is given and answered is plain: no function, no open connection, nothing that is compared by
 *    identity
 * E3 what is said of one order by several processes at once takes its turns where its home is
 * E4 a call may be lost after it was carried out (`commit_outcome_unknown`): as from any caller, the same
 *    call again finds what was done
 */
import type { Caller } from "../store/audit-log/record-audit.ts";
import type { OperationContext } from "./context.ts";

type Operation<Given, Answer> = (context: OperationContext, given: Given) => Promise<Answer>;

const operations = new Map<string, Operation<never, unknown>>();

/**
 * @param name is on the wire between processes; one of another version may have it
 * @param orderOf the id of the order that it is about
 */
export function atEngine<Given, Answer>(
  name: string,
  orderOf: (given: Given) => string,
  operation: Operation<Given, Answer>,
): Operation<Given, Answer> {
  if (operations.has(name)) throw new Error(`there are two operations ${name}`);
  operations.set(name, operation);
  return async (context, given) => {
    const { engineProcess, caller } = context;
    if (engineProcess === undefined) return operation(context, given);
    return (await engineProcess.carryOut(name, given, caller, orderOf(given))) as Answer;
  };
}

/** Carries out what another process asks for, in this one, which has an engine. */
export async function carryOutHere(
  context: OperationContext,
  name: string,
  given: unknown,
  caller: Caller | undefined,
): Promise<unknown> {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`there is no operation ${name}`);
  return operation(caller === undefined ? context : { ...context, caller }, given as never);
}
