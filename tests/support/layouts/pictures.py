"""Pictures: folders of classes, MedMNIST, and sets for 2D segmentation."""
import io

import numpy as np

from .truth import layout
from .writers import dicom_picture, noise, picture, text


def folders(out, classes, count, name, colour=False):
    for c, cls in enumerate(classes):
        for n in range(count):
            picture(out / cls / name(c, n), colour)


@layout("class-folders", 8, None, labels=["cat", "dog"], pictures=True)
def class_folders(out):
    folders(out, ("cat", "dog"), 4, lambda c, n: f"{n}.png")


@layout("class-folders-splits", 12, None, labels=["cat", "dog"], pictures=True)
def class_folders_splits(out):
    for split in ("train", "val", "test"):
        folders(out / split, ("cat", "dog"), 2, lambda c, n: f"{split}{n}.png")


@layout("class-folders-archive", 8, None, labels=["ADI", "TUM"], pictures=True)
def nct_crc(out):
    """The archive's own folder above the classes."""
    folders(out / "NCT-CRC-HE-100K", ("ADI", "TUM"), 4, lambda c, n: f"{('ADI', 'TUM')[c]}-ABC{n}.tif", True)


@layout("kermany-xray", 24, 12, labels=["NORMAL", "PNEUMONIA"], pictures=True)
def kermany(out):
    """Below the archive's folder; persons stand in the names: person1_bacteria_1."""
    for part, split in enumerate(("train", "val", "test")):
        folders(out / "chest_xray" / split, ("NORMAL", "PNEUMONIA"), 4,
                lambda c, n: f"person{part * 4 + c * 2 + n // 2}_bacteria_{n}.jpeg")


@layout("oct2017", 8, 4, labels=["CNV", "NORMAL"], pictures=True)
def oct2017(out):
    """CLASS-PATIENT-NUMBER: the pictures of an eye must not be divided between training and test."""
    # One number is one patient, under whatever class.
    folders(out / "train", ("CNV", "NORMAL"), 4,
            lambda c, n: f"{('CNV', 'NORMAL')[c]}-{1016042 + 2 * c + n // 2}-{n}.jpeg")


@layout("brain-tumour-mri", 12, None, labels=["glioma", "notumor"], pictures=True)
def brain_tumour(out):
    for split, short in (("Training", "Tr"), ("Testing", "Te")):
        folders(out / split, ("glioma", "notumor"), 3, lambda c, n: f"{short}-{'gn'[c]}_{n:04}.jpg")


@layout("breakhis", 8, 4, labels=["benign", "malignant"], pictures=True)
def breakhis(out):
    """Deep folders: class, way, kind, patient, magnification."""
    for c, cls in enumerate(("benign", "malignant")):
        for n in range(4):
            kind = ("adenosis", "ductal_carcinoma")[c]
            who = f"SOB_{'BM'[c]}_A_14-2254{n // 2}AB"
            picture(out / "BreaKHis_v1" / "histology_slides" / "breast" / cls / "SOB" / kind / who / "40X" /
                    f"{who}-40-{n:03}.png", True)


@layout("busi", 6, None, labels=["benign", "malignant", "normal"], pictures=True, masked=6)
def busi(out):
    """A mask lies beside each picture: no example of the class."""
    for cls in ("benign", "malignant", "normal"):
        for n in (1, 2):
            picture(out / cls / f"{cls} ({n}).png")
            picture(out / cls / f"{cls} ({n})_mask.png", binary=True)


@layout("covid-radiography", 8, None, labels=["COVID", "Normal"], pictures=True, masked=8)
def covid_radiography(out):
    """images/ and masks/ below each class."""
    for cls in ("COVID", "Normal"):
        for n in range(1, 5):
            for part in ("images", "masks"):
                picture(out / "COVID-19_Radiography_Dataset" / cls / part / f"{cls}-{n}.png", binary=part == "masks")


@layout("kvasir-seg", 6, 6, labels=["mask"])
def kvasir_seg(out):
    """2D segmentation: images and masks are no classes. What the masks mark stands nowhere."""
    for n in range(6):
        picture(out / "Kvasir-SEG" / "images" / f"cju{n:04}.jpg", True)
        picture(out / "Kvasir-SEG" / "masks" / f"cju{n:04}.jpg", binary=True)
    text(out / "Kvasir-SEG" / "kavsir_bboxes.json", {})


@layout("kvasir-seg-inside", 6, 6, labels=["mask"])
def kvasir_inside(out):
    """The same, where the folder itself is chosen."""
    for n in range(6):
        picture(out / "images" / f"cju{n:04}.jpg", True)
        picture(out / "masks" / f"cju{n:04}.jpg", binary=True)


@layout("cvc-clinicdb", 6, 6, labels=["mask"])
def cvc_clinicdb(out):
    for n in range(1, 7):
        picture(out / "Original" / f"{n}.tif", True)
        picture(out / "Ground Truth" / f"{n}.tif", binary=True)


@layout("drive", 6, 6, labels=["manual1", "mask"])
def drive(out):
    """Masks are GIF."""
    for n in range(21, 24):
        for part, name in (("images", f"{n}_training.tif"), ("1st_manual", f"{n}_manual1.gif"),
                           ("mask", f"{n}_training_mask.gif")):
            picture(out / "training" / part / name, part == "images", part != "images")
            picture(out / "test" / part / name.replace(str(n), f"{n - 20:02}"), part == "images", part != "images")


@layout("drive-as-png", 6, 6, labels=["manual1", "mask"])
def drive_png(out):
    """The same, written anew: vessels, and the field of view, are two structures."""
    for n in range(21, 24):
        for part, name in (("images", f"{n}_training.png"), ("1st_manual", f"{n}_manual1.png"),
                           ("mask", f"{n}_training_mask.png")):
            picture(out / "training" / part / name, part == "images", part != "images")
            picture(out / "test" / part / name.replace(str(n), f"{n - 20:02}"), part == "images", part != "images")


@layout("idrid", 3, 3, labels=["MA", "HE"])
def idrid(out):
    """Masks of one structure each, called after it; not every picture has each."""
    images, truth = out / "1. Original Images", out / "2. All Segmentation Groundtruths"
    for n in range(1, 4):
        picture(images / "a. Training Set" / f"IDRiD_{n:02}.jpg", True)
        picture(truth / "a. Training Set" / "1. Microaneurysms" / f"IDRiD_{n:02}_MA.tif", binary=True)
        if n > 1:
            picture(truth / "a. Training Set" / "2. Haemorrhages" / f"IDRiD_{n:02}_HE.tif", binary=True)


@layout("ph2", 3, 3, labels=["lesion"])
def ph2(out):
    """A folder for each picture; what calls itself lesion says so of its values alone."""
    for n in range(2, 5):
        name = f"IMD{n:03}"
        picture(out / "PH2 Dataset images" / name / f"{name}_Dermoscopic_Image" / f"{name}.bmp", True)
        picture(out / "PH2 Dataset images" / name / f"{name}_lesion" / f"{name}_lesion.bmp", binary=True)


@layout("isic-task1", 6, 6, labels=["mask"])
def isic_task1(out):
    """Lesion segmentation."""
    for n in range(6):
        picture(out / "ISIC2018_Task1-2_Training_Input" / f"ISIC_{n:07}.jpg", True)
        picture(out / "ISIC2018_Task1_Training_GroundTruth" / f"ISIC_{n:07}_segmentation.png", binary=True)


@layout("tn3k", 6, 6, labels=["mask"], splits={"test": 3, "train": 3})
def tn3k(out):
    for part in ("trainval", "test"):
        for n in range(3):
            picture(out / f"{part}-image" / f"{n:04}.jpg")
            picture(out / f"{part}-mask" / f"{n:04}.jpg", binary=True)


def archive(path, shape, classes):
    arrays = {}
    for split, count in (("train", 8), ("val", 4), ("test", 4)):
        arrays[f"{split}_images"] = noise((path.name, split)).integers(0, 255, (count, *shape)).astype("uint8")
        arrays[f"{split}_labels"] = (np.arange(count) % classes).astype("uint8")[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = io.BytesIO()
    np.savez_compressed(whole, **arrays)
    path.write_bytes(whole.getvalue())


@layout("medmnist", 16, None, labels=["0", "1"], pictures=True)
def medmnist(out):
    archive(out / "pneumoniamnist.npz", (28, 28), 2)


@layout("medmnist-colour", 16, None, labels=["0", "1", "2"], pictures=True)
def medmnist_colour(out):
    archive(out / "bloodmnist.npz", (28, 28, 3), 3)


@layout("medmnist-3d", 16, None, labels=["0", "1"], pictures=True)
def medmnist_3d(out):
    """Of volumes the middle slice, with consent."""
    archive(out / "organmnist3d.npz", (28, 28, 28), 2)


@layout("dicom-class-folders", 6, None, labels=["NORMAL", "OPACITY"], pictures=True)
def dicom_classes(out):
    for c, cls in enumerate(("NORMAL", "OPACITY")):
        for n in range(3):
            dicom_picture(out / cls / f"{cls}{n}.dcm", f"P{c}{n}")
