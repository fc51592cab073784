import type { Mutation } from '../mutations.ts';

export const mutations: readonly Mutation[] = [];
