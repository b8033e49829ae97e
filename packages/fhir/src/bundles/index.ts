export { batchResponse, historyBundle, responseEntry, searchsetBundle, transactionResponse } from './build.ts';
export type { HistoryItem, PageLinks, ResponseItem, SearchsetItem } from './build.ts';
export { parseBundle, parseCondition } from './parse.ts';
export type { BundleEntry, ParsedBundle, RequestMethod, RequestTarget } from './parse.ts';
export { planTransaction } from './plan.ts';
export type { ConditionLookup, PlannedOperation, PlanOptions, ResolvedPlan, TransactionPlan } from './plan.ts';
