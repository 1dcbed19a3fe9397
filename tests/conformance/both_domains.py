# SPDX-License-Identifier: Apache-2.0
"""Links that are built in the frequency or in the time domain, and their received symbols."""

from __future__ import annotations

import functools
import warnings

import numpy as np
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed

SLOTS = 200


def graph(link):
    """The call of a link as a graph."""
    return tf.function(link, autograph=False)


def built(kind, **settings):
    """A link that does not warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return kind(**settings)


def links_of(kind, seed, cases, **common):
    """Two functions, whose results are kept: links by domain and name, and the symbols received."""

    @functools.cache
    def build(domain, name):
        link = built(kind, domain=domain, **common, **cases[name])
        return link, graph(link)

    @functools.cache
    def received(domain, name, snr_db):
        """Symbols, those received and the noise reported, a slot each, of the same seed."""
        link, run = build(domain, name)
        reseed(seed, name, snr_db)
        symbols = complex_normal([SLOTS, link._capacity])
        return symbols, *run(symbols, tf.constant(10 ** (-snr_db / 10)))

    return build, received


def log_errors(symbols, symbols_hat, *_):
    """Logarithm of the mean squared error of each slot."""
    return np.log(np.mean(np.abs(symbols_hat - symbols) ** 2, axis=1))


def domain_difference(received, name, snr_db):
    """Mean over slots of the logarithm of the error in the time domain over the other one."""
    frequency, time = (log_errors(*received(one, name, snr_db)) for one in ("frequency", "time"))
    return np.mean(time - frequency)


def mean_ratio(symbols, symbols_hat, no_eff):
    """Mean of the squared error over the noise reported."""
    return np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff)


def error_ratio(link, run, snr_db, slots=400, times=1):
    """`mean_ratio` of Gaussian symbols in ``times`` calls of ``run`` with so many ``slots``."""
    no, ratios = tf.constant(10 ** (-snr_db / 10)), []
    for _ in range(times):
        symbols = complex_normal([slots, link._capacity])
        ratios.append(mean_ratio(symbols, *run(symbols, no)))
    return np.mean(ratios)
