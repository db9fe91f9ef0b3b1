import { customersEn } from './customers.en';
import { customersZh } from './customers.zh';
import { learn } from './speech';

// The first visit does not load these words: whoever uses them imports this, and they are there before anything is drawn.
learn('en', customersEn);
learn('zh', customersZh);
