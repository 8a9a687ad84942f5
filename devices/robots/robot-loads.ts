/**
 * Has it written down what each robot says that it has taken, before anything else is made of its state:
 * units that were taken from a shelf are somewhere, whatever becomes of the order.
 */
import type { FloorContext } from "../../operations/context.ts";
import { reportLoad } from "../../operations/floor/robot-loads.ts";
import type { RobotState } from "../vda5050/messages.ts";
import { loadIn } from "../vda5050/robot-load.ts";

export class RobotLoads {
  private readonly context: FloorContext;
  /** What each robot has said last; states repeat it many times. */
  private readonly known = new Map<string, string>();

  constructor(context: FloorContext) {
    this.context = context;
  }

  /** Throws where it cannot be written: the caller tries again with the robot's newest state. */
  async onState(deviceId: string, state: RobotState): Promise<void> {
    const load = loadIn(state);
    const said = JSON.stringify(load);
    if (load === null || this.known.get(deviceId) === said) return;
    await reportLoad(this.context, { ...load, deviceId });
    this.known.set(deviceId, said);
  }
}
