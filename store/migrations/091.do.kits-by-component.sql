-- Which kits have a SKU is asked with every change of a position that somebody follows.
create index kit_component_sku on kit_component (sku);
