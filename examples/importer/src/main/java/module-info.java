/** A program that uses linen as a module. */
module importer {
    requires dev.linen;
}
