import { describeConnection } from "../../../test-support/vendors/connection-contract.ts";
import { files } from "./vendor.ts";

describeConnection(files, { isOverFiles: true });
