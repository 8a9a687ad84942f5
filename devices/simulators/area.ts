/** The area level of the simulated conveyors' and portals' topics. */
export const AREA = "pack-out";
