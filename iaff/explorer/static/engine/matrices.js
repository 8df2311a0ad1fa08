// The matrices of one step, by the names that stepped.js calls them.
import { SparseMatrix } from "./sparse_matrix.js";
import { Stencil } from "./stencil.js";

export const MATRICES = { stencil: Stencil, sparse: SparseMatrix };
