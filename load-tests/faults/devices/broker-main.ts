/** The sandbox's broker in a process of its own, where mosquitto is not installed: so that it can be killed. */
import pino from "pino";
import { startBroker } from "../../../devices/mqtt/broker.ts";

process.once("disconnect", () => process.exit(0));
const port = Number(process.argv[2]);
await startBroker({ host: "127.0.0.1", port, logger: pino({ level: "silent" }) });
process.send?.("ready");
