"""Products and their prices.

Owns: one product per SKU, LISTED and later RETIRED, which is final.
Emits: ProductListed, PriceChanged, ProductRetired, each with the product's full state.
Reacts to: nothing.
Accepts: listing, price changes and retirement from operators; anybody with a good token may read a product.
"""
