export { BillFileError } from './bill/bill-file-error.ts';
export { type ReadFocusOptions, readFocusFile, writeFocusFile } from './bill/focus-file.ts';
export { type GenerateOptions, generateBill } from './bill/generate-bill.ts';
export { costExplorerService } from './bill/service-names.ts';
export { lastCompleteDay, shiftBill } from './bill/shift.ts';
export type { FaultAction, FaultConditions, FaultControl, FaultRule } from './faults.ts';
export { startSimulator } from './simulator.ts';
export type { AccountOptions, RequestRecord, RoleOptions, Simulator, SimulatorOptions } from './types.ts';
