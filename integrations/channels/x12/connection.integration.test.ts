import { describeConnection } from "../../../test-support/vendors/connection-contract.ts";
import { x12 } from "./vendor.ts";

describeConnection(x12, { isOverFiles: true });
