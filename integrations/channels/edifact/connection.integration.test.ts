import { describeConnection } from "../../../test-support/vendors/connection-contract.ts";
import { edifact } from "./vendor.ts";

describeConnection(edifact, { isOverFiles: true });
